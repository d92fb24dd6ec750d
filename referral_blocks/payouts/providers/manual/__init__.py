"""Custom rewards that staff hand over in person."""
