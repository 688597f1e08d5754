"""The parent process: OSC, the state that surfaces see, starting and restarting port and brain."""
