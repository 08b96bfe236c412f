//! The composed runtime.

mod admission;
mod fixed_size;
mod governance;
mod network;
mod oversight;
mod views;
