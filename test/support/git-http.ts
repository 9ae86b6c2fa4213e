import { execFileSync, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Git over HTTP, by git's own program. */
export interface GitHttp extends AsyncDisposable {
  readonly url: string;
  /** `GET /estate.git/info/refs`, with the credential that came. */
  readonly requests: readonly { readonly line: string; readonly authorization: string | undefined }[];
}
export interface GitHttpOptions {
  /** Folder with bare repositories. */
  readonly root: string;
  readonly authorization?: string;
  /** Answer with this instead, for example a redirect. */
  readonly instead?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export async function serveGit({ root, authorization, instead }: GitHttpOptions): Promise<GitHttp> {
  const requests: { line: string; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    requests.push({ line: `${request.method ?? ''} ${(request.url ?? '').split('?')[0] ?? ''}`, authorization: request.headers.authorization });
    if (instead?.(request, response) === true) return;
    if (authorization !== undefined && request.headers.authorization !== authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    backend(root, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** One request through `git http-backend`, as CGI says. */
export function backend(root: string, request: IncomingMessage, response: ServerResponse, path = (request.url ?? '').split('?')[0] ?? ''): void {
  const query = (request.url ?? '').split('?')[1] ?? '';
  const child = spawn('git', ['-c', 'http.receivepack=true', '-c', 'uploadpack.allowAnySHA1InWant=true', '-c', 'safe.directory=*', 'http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(path),
      QUERY_STRING: query,
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      REMOTE_USER: 'test',
      ...(request.headers['content-encoding'] === undefined ? {} : { HTTP_CONTENT_ENCODING: request.headers['content-encoding'] }),
      ...(request.headers['git-protocol'] === undefined ? {} : { GIT_PROTOCOL: String(request.headers['git-protocol']) }),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => undefined); // it need not read what it refuses
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('close', () => {
    const all = Buffer.concat(chunks);
    const end = all.indexOf('\r\n\r\n');
    const headers = Object.fromEntries(
      all
        .subarray(0, Math.max(0, end))
        .toString()
        .split('\r\n')
        .map((line) => line.split(/: (.*)/).slice(0, 2) as [string, string]),
    );
    response.writeHead(Number.parseInt(headers['Status'] ?? '200', 10), headers).end(all.subarray(end + 4));
  });
}

export function bareGit(folder: string, ...args: string[]): string {
  return execFileSync('git', args, {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder, GIT_CONFIG_NOSYSTEM: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}
