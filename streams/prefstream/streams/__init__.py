"""What runs the stages: the Faust app, the runner of each log, projections, supervision."""
