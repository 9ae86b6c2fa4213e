import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';

const PROGRAMS = ['/usr/bin/prometheus', '/usr/bin/promtool'];

/** Why a real Prometheus cannot be started here, or undefined when it can. */
export function whyNoPrometheus(): string | undefined {
  const absent = PROGRAMS.filter((path) => !existsSync(path));
  return absent.length === 0 ? undefined : `${absent.join(' and ')} not installed (apt-get install -y prometheus)`;
}

export interface PrometheusOptions {
  /** OpenMetrics text with times: what it remembers from before it was started. */
  readonly past?: string;
  /** Port of an exporter on loopback, scraped four times a second. */
  readonly scrape?: number;
  /** Lines of the file for TLS and passwords, with the files it names. */
  readonly web?: { readonly config: string; readonly files: { readonly [name: string]: string } };
}
/** A real Prometheus of our own on loopback. */
export interface Prometheus extends AsyncDisposable {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startPrometheus({ past, scrape, web }: PrometheusOptions): Promise<Prometheus> {
  const dir = await mkdtemp(join(tmpdir(), 'slipway-prometheus-'));
  const [port, data] = [await freePort(), join(dir, 'data')];
  await mkdir(data);
  if (past !== undefined) {
    await writeFile(join(dir, 'past.om'), past);
    execFileSync('/usr/bin/promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(dir, 'past.om'), data], { stdio: ['ignore', 'ignore', 'pipe'] });
  }
  const job = scrape === undefined ? [] : ['scrape_configs:', '  - job_name: app', '    static_configs:', `      - targets: ["127.0.0.1:${scrape}"]`];
  await writeFile(join(dir, 'prometheus.yml'), ['global:', '  scrape_interval: 250ms', '  scrape_timeout: 250ms', ...job, ''].join('\n'));
  for (const [name, text] of Object.entries(web?.files ?? {})) await writeFile(join(dir, name), text);
  if (web) await writeFile(join(dir, 'web.yml'), web.config);
  const args = [`--config.file=${join(dir, 'prometheus.yml')}`, `--storage.tsdb.path=${data}`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'];
  const child = spawn('/usr/bin/prometheus', [...args, ...(web ? [`--web.config.file=${join(dir, 'web.yml')}`] : [])], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await untilListening(child, port, () => said);
    // Behind TLS and a password a test has to wait by itself.
    if (!web) await untilReady(port);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { port, stop, [Symbol.asyncDispose]: stop };
}

/** It listens once everything it remembers is read; then it still needs a moment, during which it answers 503. */
async function untilListening(child: ChildProcess, port: number, said: () => string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`prometheus ended: ${said()}`);
    const socket = connect(port, '127.0.0.1');
    const isUp = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false);
    socket.destroy();
    if (isUp) return;
    await delay(100);
  }
  throw new Error(`prometheus does not listen: ${said()}`);
}

async function untilReady(port: number): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const { ok } = await fetch(`http://127.0.0.1:${port}/-/ready`).catch(() => ({ ok: false }));
    if (ok) return;
    await delay(100);
  }
  throw new Error('prometheus does not become ready');
}

/** An application that tells its figures in Prometheus' text format; `figures` gives the page of now. */
export async function startExporter(figures: () => string): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
    response.end(figures());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port, // a TCP server that listens has one
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
