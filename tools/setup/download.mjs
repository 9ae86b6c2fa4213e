import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { basename } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { say, SetupError } from './say.mjs';

const GO_ARCH = { x64: 'amd64', arm64: 'arm64' };

/** The addresses of a tool's official release; `SLIPWAY_MIRROR` puts a folder of one's own in front: `<mirror>/<file>`. */
export function addresses(tool, env) {
  const values = { version: tool.version, os: process.platform, nodeArch: process.arch, goArch: GO_ARCH[process.arch] ?? process.arch };
  return Object.fromEntries(
    ['archive', 'checksums'].map((kind) => {
      const url = tool[kind].replaceAll(/\{(\w+)\}/g, (_, name) => values[name]);
      return [kind, env.SLIPWAY_MIRROR ? `${env.SLIPWAY_MIRROR.replace(/\/$/, '')}/${basename(url)}` : url];
    }),
  );
}

/** A release that cannot be had (no network, no such file): the caller goes on to the next way. */
export class NotAvailable extends Error {}

/**
 * Download a release file and check it against the published checksum.
 *
 * @throws {NotAvailable} nobody answered within `answerMs`, or there is no such file.
 * @throws {SetupError} the checksum does not match: that is never passed over.
 */
export async function download({ name, urls, target, answerMs = 10_000 }) {
  const expected = checksumIn(await text(urls.checksums, answerMs), basename(urls.archive));
  if (expected === undefined) throw new NotAvailable(`${urls.checksums} does not list ${basename(urls.archive)}`);
  const hash = createHash('sha256');
  await save(urls.archive, { name, target, answerMs, hash });
  const actual = hash.digest('hex');
  if (actual === expected) return;
  throw new SetupError(
    `${name}: ${urls.archive} has the checksum ${actual}, but ${expected} is published`,
    'somebody changed the file on its way; do not use it, and ask whoever runs your network or mirror',
  );
}

async function text(url, answerMs) {
  const { body, stall } = await open(url, answerMs);
  const chunks = [];
  try {
    for await (const chunk of body) {
      stall.reset();
      chunks.push(chunk);
      if (chunks.reduce((sum, part) => sum + part.length, 0) > 1_000_000) throw new NotAvailable(`${url} is not a list of checksums`);
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    throw asNotAvailable(url, error);
  } finally {
    stall.stop();
  }
}

async function save(url, { name, target, answerMs, hash }) {
  const { body, stall, size } = await open(url, answerMs);
  let done = 0;
  let said = Date.now();
  const watch = new Transform({
    transform(chunk, _, next) {
      stall.reset();
      hash.update(chunk);
      done += chunk.length;
      if (Date.now() - said > 5_000) {
        said = Date.now();
        say(`${name}: downloaded ${megabytes(done)}${size > 0 ? ` of ${megabytes(size)}` : ''}`);
      }
      next(null, chunk);
    },
  });
  try {
    await pipeline(body, watch, createWriteStream(target));
  } catch (error) {
    throw asNotAvailable(url, error);
  } finally {
    stall.stop();
  }
}

/** The time limit is for an answer, and again for every piece of it, not for the whole file. */
async function open(url, answerMs) {
  const controller = new AbortController();
  const late = () => controller.abort(new Error(`no answer within ${answerMs / 1000} s`));
  let timer = setTimeout(late, answerMs);
  const stall = {
    reset: () => {
      clearTimeout(timer);
      timer = setTimeout(late, answerMs);
    },
    stop: () => clearTimeout(timer),
  };
  try {
    const response = await fetch(url, { signal: controller.signal, redirect: 'follow' });
    if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
    stall.reset();
    return { body: Readable.fromWeb(response.body), stall, size: Number(response.headers.get('content-length') ?? 0) };
  } catch (error) {
    stall.stop();
    controller.abort();
    throw asNotAvailable(url, error);
  }
}

function asNotAvailable(url, error) {
  if (error instanceof NotAvailable) return error;
  const why = error.cause?.code ?? error.cause?.message ?? error.message;
  return new NotAvailable(`${url}: ${why}`, { cause: error });
}

/** `<hash>  <file>` lines, or a file with nothing but the hash. */
function checksumIn(list, file) {
  const lines = list.split('\n').map((line) => line.trim().split(/\s+\*?/));
  const named = lines.find((parts) => parts[1] === file);
  const alone = lines.length <= 2 && lines[0].length === 1 ? lines[0] : undefined;
  const hash = (named ?? alone)?.[0]?.toLowerCase();
  return hash !== undefined && /^[0-9a-f]{64}$/.test(hash) ? hash : undefined;
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
