import { chmodSync, copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { runQuietly } from './child.mjs';
import { logFile } from './log.mjs';
import { elapsed, SetupError, ticker } from './say.mjs';

/**
 * Build a tool from the Go module in tools/<name>, whose go.sum pins every byte. Go keeps what it compiled, so that a
 * build that was interrupted goes on where it stopped.
 */
export async function build({ name, tool, root, env, target, go = 'go' }) {
  const cwd = join(root, 'tools', name);
  const log = logFile(env, `build-${name}`);
  const goEnv = { ...env, GOFLAGS: '-mod=readonly', CGO_ENABLED: tool.cgo === true ? '1' : '0', GOWORK: 'off' };
  const tags = tool.tags === undefined ? [] : ['-tags', tool.tags];
  const state = { doing: 'Go is fetching modules', total: 0, compiled: 0 };
  const progress = ticker(name, () => words(state));
  const run = async (args, onLine) => {
    const { code, stdout } = await runQuietly(go, args, { cwd, env: goEnv, onLine });
    if (code !== 0)
      throw new SetupError(
        `${name}: "go ${args[0]}" failed with exit code ${code} after ${elapsed(progress.since)}\n${log.tail()}`,
        `the whole output is in ${log.path}; run the same command again to go on where it stopped`,
      );
    return stdout;
  };
  try {
    await run(['mod', 'download', '-x'], (line) => {
      log.line(line);
      state.doing = `Go is fetching modules${/\/@v\//.test(line) ? `, now ${moduleIn(line)}` : ''}`;
    });
    state.total = (await run(['list', '-deps', ...tags, '-f', '{{.ImportPath}}', tool.package], () => {})).split('\n').filter(Boolean).length;
    state.doing = 'Go is compiling';
    await run(['build', '-v', '-trimpath', ...tags, '-ldflags', linkFlags(tool), '-o', target, tool.package], (line) => {
      log.line(line);
      state.compiled += 1;
      state.doing = `Go is compiling ${line.trim().slice(0, 80)}`;
    });
    if (tool.beside !== undefined) {
      const module = (await run(['list', '-m', '-f', '{{.Dir}}', tool.package], () => {})).trim();
      for (const folder of tool.beside) copyFolder(join(module, folder), join(dirname(target), folder));
    }
  } finally {
    progress.stop();
    log.close();
  }
}

/** Folders of a module that its program reads; those in Go's cache are read-only and may be cleaned away. */
function copyFolder(from, to) {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyFolder(source, target);
    else {
      copyFileSync(source, target);
      chmodSync(target, 0o644);
    }
  }
}

function linkFlags(tool) {
  return tool.versionVariable === undefined ? '-s -w' : `-s -w -X ${tool.versionVariable}=${tool.versionPrefix ?? 'v'}${tool.version}`;
}

function words({ doing, total, compiled }) {
  if (total === 0) return doing;
  return compiled === 0 ? `${doing} ${total} packages, and looks what it compiled before` : `${doing}, package ${compiled} of at most ${total}`;
}

function moduleIn(line) {
  return basename(line.split('/@v/')[0] ?? '');
}
