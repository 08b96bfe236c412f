//! Nothing: only the dependencies of this crate matter. Cargo unifies the features of dependencies over the packages it
//! builds; tests switch some on that programs do not, and would have half of the tree compiled a second time. This
//! crate asks for them always.
