"""The sandbox of a container: how its processes are started, limited, watched and ended."""
