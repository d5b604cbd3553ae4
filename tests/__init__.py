"""A package, since some library brings a folder named tests as well."""
