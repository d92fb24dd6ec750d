import { useCallback, useEffect, useState } from "react";
import { ApiError } from "./api";

export interface Loaded<Data> {
  data?: Data;
  error?: ApiError;
  again: () => void;
}

/** What `load` brings; `load` must be the same function from one render to the next. */
export function useAnswer<Data>(load: () => Promise<Data>): Loaded<Data> {
  const [state, setState] = useState<Omit<Loaded<Data>, "again">>({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let left = false;
    load().then(
      (data) => left || setState({ data }),
      (error: unknown) => left || setState({ error: error instanceof ApiError ? error : new ApiError("", String(error)) }),
    );
    return () => {
      left = true;
    };
  }, [load, turn]);
  return { ...state, again: useCallback(() => setTurn((now) => now + 1), []) };
}
