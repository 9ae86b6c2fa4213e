import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf, Secret } from '../core/index.ts';
import { bad, type Reader, text } from './reader.ts';
import type { RemoteSettings } from './types.ts';

/** The server that does the work instead of this machine, and what to show it. */
export function server(reader: Reader): RemoteSettings {
  const url = text(reader.env, 'SLIPWAY_SERVER');
  if (url !== undefined && !/^https?:\/\/[^\s/@]+\/?$/.test(url))
    bad(reader, 'SLIPWAY_SERVER', `SLIPWAY_SERVER "${url}" is not the address of a server`, 'set it to https://<host>, without a path');
  const token = tokenOf(reader);
  return { ...(url === undefined ? {} : { url }), ...(token ? { token } : {}) };
}

function tokenOf(reader: Reader): Secret | undefined {
  const given = text(reader.env, 'SLIPWAY_TOKEN');
  if (given !== undefined) return new Secret(given);
  const file = text(reader.env, 'SLIPWAY_TOKEN_FILE');
  if (file === undefined) return undefined;
  try {
    return new Secret(readFileSync(resolve(reader.cwd, file), 'utf8').trim());
  } catch (cause) {
    bad(reader, 'SLIPWAY_TOKEN_FILE', `cannot read SLIPWAY_TOKEN_FILE "${file}": ${messageOf(cause)}`, 'point it to a readable file');
    return undefined;
  }
}
