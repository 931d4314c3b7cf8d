"""What people are told, in the service and by mail: the outbox, its kinds, and how one message is put on its way."""
