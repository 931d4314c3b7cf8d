"""The edge: guard, transaction, forms, pages, navigation, sections, errors, headers. It knows no field package."""
