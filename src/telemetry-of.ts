import type { Config } from './config/index.ts';
import { openTelemetry, type Telemetry } from './telemetry/index.ts';

/** Telemetry as the settings want it. */
export function telemetryOf({ telemetry: { spans, listen } }: Config, serviceVersion: string): Telemetry {
  return openTelemetry({ ...(spans ? { spans: { ...spans, serviceVersion } } : {}), ...(listen ? { listen } : {}) });
}
