"""What every room shares. Private: nothing here is part of the public surface."""
