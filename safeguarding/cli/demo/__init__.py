"""The demonstration partnership of Marlbridge: a borough, its places and its people, all of them made up."""
