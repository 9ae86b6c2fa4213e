package slipway.owner

deny(phase) if phase.production
