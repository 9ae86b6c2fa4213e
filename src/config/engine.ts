import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf, Secret } from '../core/index.ts';
import { bad, type Reader, text } from './reader.ts';
import type { EngineSettings, TemporalTls } from './types.ts';

const ADDRESS = /^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?):\d{1,5}$/;
const NAMESPACE = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9])?$/;
const QUEUE = /^[A-Za-z][A-Za-z0-9-]{0,62}$/;
const BUILD = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const HERE = /^(?:localhost|127(?:\.\d+){3}|\[::1\]):/;

/** Which engine drives runs: this process, unless `SLIPWAY_ENGINE` says `temporal`; then where its server is, by the variables of Temporal's own tools. */
export function engine(reader: Reader): EngineSettings {
  const kind = text(reader.env, 'SLIPWAY_ENGINE') ?? 'local';
  if (kind === 'local') return { kind: 'local' };
  if (kind !== 'temporal') {
    bad(reader, 'SLIPWAY_ENGINE', `SLIPWAY_ENGINE "${kind}" is no engine`, 'use local or temporal');
    return { kind: 'local' };
  }
  const address = matching(reader, 'TEMPORAL_ADDRESS', {
    pattern: ADDRESS,
    otherwise: '127.0.0.1:7233',
    hint: 'write <host>:<port>, for example temporal.example.org:7233',
  });
  const namespace = matching(reader, 'TEMPORAL_NAMESPACE', {
    pattern: NAMESPACE,
    otherwise: 'default',
    hint: 'write the name of a namespace, for example ops.a1b2c',
  });
  const queue = matching(reader, 'SLIPWAY_TEMPORAL_QUEUE', { pattern: QUEUE, otherwise: 'slipway', hint: 'use letters, digits and hyphens' });
  const buildId = text(reader.env, 'SLIPWAY_TEMPORAL_BUILD_ID');
  if (buildId !== undefined && !BUILD.test(buildId))
    bad(
      reader,
      'SLIPWAY_TEMPORAL_BUILD_ID',
      `SLIPWAY_TEMPORAL_BUILD_ID "${buildId}" is not a build`,
      'use letters, digits, dots and hyphens, for example 1.4.2',
    );
  const key = text(reader.env, 'TEMPORAL_API_KEY');
  const secured = tls(reader, { address, hasKey: key !== undefined });
  return {
    ...{ kind: 'temporal', address, namespace, queue },
    ...(secured ? { tls: secured } : {}),
    ...(key === undefined ? {} : { apiKey: new Secret(key) }),
    ...(buildId === undefined ? {} : { buildId }),
  };
}

interface Shape {
  readonly pattern: RegExp;
  readonly otherwise: string;
  readonly hint: string;
}

function matching(reader: Reader, variable: string, { pattern, otherwise, hint }: Shape): string {
  const value = text(reader.env, variable) ?? otherwise;
  if (!pattern.test(value)) bad(reader, variable, `${variable} "${value}" is not understood`, hint);
  return value;
}

/** Beyond this machine the connection is encrypted and the server's name is checked, unless `TEMPORAL_TLS` says no. */
function tls(reader: Reader, { address, hasKey }: { readonly address: string; readonly hasKey: boolean }): TemporalTls | undefined {
  const wanted = text(reader.env, 'TEMPORAL_TLS')?.toLowerCase();
  const [isOn, isOff] = [wanted === 'true' || wanted === '1', wanted === 'false' || wanted === '0'];
  if (wanted !== undefined && !isOn && !isOff) bad(reader, 'TEMPORAL_TLS', `TEMPORAL_TLS "${wanted}" is neither true nor false`, 'write true or false');
  if (isOff && hasKey) bad(reader, 'TEMPORAL_TLS', 'TEMPORAL_TLS is false, and an API key would be sent in the clear', 'leave TEMPORAL_TLS out');
  const [certificate, key] = [file(reader, 'TEMPORAL_TLS_CLIENT_CERT_PATH'), file(reader, 'TEMPORAL_TLS_CLIENT_KEY_PATH')];
  if ((certificate === undefined) !== (key === undefined) && reader.problems.length === 0)
    bad(
      reader,
      'TEMPORAL_TLS_CLIENT_CERT_PATH',
      'a client certificate and its key go together, and only one of them is set',
      'set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH',
    );
  const serverCa = file(reader, 'TEMPORAL_TLS_SERVER_CA_CERT_PATH');
  const serverName = text(reader.env, 'TEMPORAL_TLS_SERVER_NAME');
  const isGiven = isOn || hasKey || certificate !== undefined || serverCa !== undefined || serverName !== undefined;
  if (isOff || (!isGiven && HERE.test(address))) return undefined;
  return {
    ...(serverCa ? { serverCa } : {}),
    ...(serverName === undefined ? {} : { serverName }),
    ...(certificate && key ? { client: { certificate, key: new Secret(key.toString('utf8')) } } : {}),
  };
}

function file(reader: Reader, variable: string): Buffer | undefined {
  const path = text(reader.env, variable);
  if (path === undefined) return undefined;
  try {
    return readFileSync(resolve(reader.cwd, path));
  } catch (cause) {
    bad(reader, variable, `cannot read ${variable} "${path}": ${messageOf(cause)}`, 'point it to a readable PEM file');
    return undefined;
  }
}
