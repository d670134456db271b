int corners() { return 4; }
