"""Our callbacks for fine-tuning."""

FINE_TUNING = []
