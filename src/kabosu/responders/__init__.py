"""One file per kind of model; kabosu.respond imports a reader when it sees a model of its kind."""
