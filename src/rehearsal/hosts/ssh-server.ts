import type { Server as NetServer, Socket } from 'node:net';
import { connect } from 'node:net';
import type { AuthContext, Connection, ParsedKey } from 'ssh2';
import type * as ssh2 from 'ssh2';
import { answerExec, createProcesses, type Processes } from './exec.ts';
import type { KeyPair } from './keys.ts';
import { listenNear } from './listen.ts';
import type { Machine } from './machine.ts';
import { answerPowerShell, isPowerShell } from './powershell.ts';
import { serveSftp } from './sftp-server.ts';
import { playTerminal } from './terminal.ts';

export interface SshServerParts {
  readonly ssh2: typeof ssh2;
  readonly machine: Machine;
  readonly hostKey: KeyPair;
  /** The only key that may log in. */
  readonly loginKey: KeyPair;
  readonly resolve: (host: string, port: number) => { readonly host: string; readonly port: number } | undefined;
}
export interface SshServer {
  readonly port: number;
  /** Break all connections without a word. */
  dropConnections(): void;
  stop(): Promise<void>;
}

/** Serve one rehearsed machine over the real SSH protocol on 127.0.0.1. */
export async function startSshServer(parts: SshServerParts): Promise<SshServer> {
  const { machine } = parts;
  const sockets = new Set<Socket>();
  const processes = createProcesses();
  const server = new parts.ssh2.Server({ hostKeys: [parts.hostKey.private] }, (client) => serveClient(client, parts, { processes, socket: socketOf(client) }));
  // The library wraps a TCP server of its own; connections are tracked there so that they can be broken.
  const tcp = (server as unknown as { readonly _srv: NetServer })._srv;
  tcp.prependListener('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    if (machine.fault(['refuse'])) socket.destroy();
  });
  server.on('error', () => undefined); // those of the TCP server, repeated: listenNear hears them, and nobody else would
  const port = await listenNear(tcp, machine.port('ssh'));
  machine.keepPort('ssh', port);
  const dropConnections = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    port,
    dropConnections,
    stop: async () => {
      for (const stop of processes.running.values()) stop.abort(new Error('the rehearsal ends'));
      const closed = new Promise<void>((resolve) => tcp.close(() => resolve()));
      dropConnections();
      await closed;
    },
  };
}

function socketOf(client: Connection): Socket {
  return (client as unknown as { readonly _sock: Socket })._sock; // no public way to break a connection without a word
}

function serveClient(client: Connection, parts: SshServerParts, inside: { processes: Processes; socket: Socket }): void {
  let user = '';
  const key = parts.ssh2.utils.parseKey(parts.loginKey.public) as ParsedKey; // our own key
  client.on('error', () => undefined); // the client went away
  client.on('authentication', (context) => {
    user = context.username;
    if (isOurKey(context, key)) context.accept();
    else context.reject(['publickey']);
  });
  client.on('ready', () => serveSessions(client, parts, { ...inside, user: () => user }));
}

function isOurKey(context: AuthContext, key: ParsedKey): boolean {
  if (context.method !== 'publickey' || !context.key.data.equals(key.getPublicSSH())) return false;
  return context.signature === undefined || context.blob === undefined || key.verify(context.blob, context.signature, context.hashAlgo);
}

function serveSessions(
  client: Connection,
  { machine, resolve }: SshServerParts,
  { processes, socket, user }: { processes: Processes; socket: Socket; user: () => string },
): void {
  client.on('session', (accept) => {
    const session = accept();
    let hasTerminal = false;
    session.on('pty', (acceptPty) => {
      hasTerminal = true;
      acceptPty();
    });
    session.on('shell', (acceptShell) => playTerminal(acceptShell(), machine, user()));
    session.on('exec', (acceptExec, _reject, { command }) => {
      if (machine.fault(['resetBefore'])) {
        socket.destroy();
        return;
      }
      if (hasTerminal) return playTerminal(acceptExec(), machine, user(), command);
      if (isPowerShell(command)) return answerPowerShell({ machine, channel: acceptExec(), user: user(), breakOff: () => socket.destroy() });
      answerExec({ machine, processes, channel: acceptExec(), user: user(), command, breakOff: () => socket.destroy() });
    });
    session.on('sftp', (acceptSftp) => serveSftp(acceptSftp(), machine));
  });
  // A jump host of a rehearsal leads to rehearsed machines only.
  client.on('tcpip', (accept, reject, { destIP, destPort }) => {
    const target = resolve(destIP, destPort);
    if (!target) return reject();
    const through = connect(target.port, target.host, () => {
      const channel = accept();
      channel.pipe(through).pipe(channel);
      channel.on('error', () => through.destroy());
    });
    through.on('error', () => through.destroy());
  });
}
