import { isIP } from 'node:net';
import { Secret } from '../core/index.ts';
import { bad, type Reader, text } from './reader.ts';
import type { TelemetrySettings } from './types.ts';

const TRACES = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const LISTEN = 'SLIPWAY_METRICS_LISTEN';

/** Where spans go and where metrics can be asked for, by the variables of OpenTelemetry where it has some. */
export function telemetry(reader: Reader): TelemetrySettings {
  const spans = text(reader.env, 'OTEL_SDK_DISABLED') === 'true' || text(reader.env, 'OTEL_TRACES_EXPORTER') === 'none' ? undefined : spansTo(reader);
  const metrics = text(reader.env, LISTEN);
  const listen = metrics === undefined ? undefined : place(reader, metrics);
  return { ...(spans ? { spans } : {}), ...(listen ? { listen } : {}) };
}

/** The endpoint of traces is taken as it is; to the one of all signals the path of traces is added, as OpenTelemetry says. */
function spansTo(reader: Reader): TelemetrySettings['spans'] {
  const variable = text(reader.env, TRACES) === undefined ? ENDPOINT : TRACES;
  const given = text(reader.env, variable);
  if (given === undefined) return undefined;
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol)) {
    bad(reader, variable, `${variable} is not an http or https address`, 'write for example http://127.0.0.1:4318');
    return undefined;
  }
  const url = variable === TRACES ? given : `${given.replace(/\/$/, '')}/v1/traces`;
  return { url, headers: headers(reader), serviceName: text(reader.env, 'OTEL_SERVICE_NAME') ?? 'slipway' };
}

/** `name=value` between commas, percent-encoded: as W3C Baggage writes them. Values are passwords more often than not. */
function headers(reader: Reader): { readonly [name: string]: Secret } {
  const variable = text(reader.env, 'OTEL_EXPORTER_OTLP_TRACES_HEADERS') === undefined ? 'OTEL_EXPORTER_OTLP_HEADERS' : 'OTEL_EXPORTER_OTLP_TRACES_HEADERS';
  const found: Record<string, Secret> = {};
  for (const pair of (text(reader.env, variable) ?? '').split(',').filter((each) => each.trim() !== '')) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim();
    const value = decoded(pair.slice(at + 1).trim());
    if (at < 1 || !/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) || value === undefined || /[\r\n]/.test(value))
      bad(reader, variable, `${variable} has a header that is none`, 'write name=value between commas, with other characters as %20');
    else found[name.toLowerCase()] = new Secret(value);
  }
  return found;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** `host:port`; metrics say much about an estate, so a host must be named. */
function place(reader: Reader, given: string): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(given) ?? [];
  const host = bracketed ?? plain;
  const isHost = host !== undefined && (isIP(host) !== 0 || host === 'localhost');
  if (isHost && Number(port) <= 65_535) return { host, port: Number(port) };
  bad(reader, LISTEN, `${LISTEN} "${given}" is not an address and a port`, 'write for example 127.0.0.1:9464');
  return undefined;
}
