"""Where the API is mounted."""

urlpatterns: list = []
