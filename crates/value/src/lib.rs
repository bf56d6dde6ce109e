//! Values of the event language: copy-on-write trees without lifetimes, and their JSON form.
