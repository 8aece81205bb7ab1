"""The host's end of a link: a serial port, the protocol's driver, what a design folder holds."""
