"""Takes in Pd: recorded, listed, heard, marked; what [dlwa-recorder~] and [dlwa-takes] load."""
