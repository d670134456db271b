//! Stands for the runtime of messages.
