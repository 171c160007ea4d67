"""Our callbacks that average weights."""

AVERAGING = []
