"""The foundation: types, clock, references, errors, hashing, database habits. It knows neither Flask nor the field."""
