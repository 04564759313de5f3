"""What people read afterwards; reads only the model."""
