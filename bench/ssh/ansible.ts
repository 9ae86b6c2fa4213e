import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Program } from './measure.ts';
import { AT_ONCE, type Spec } from './spec.ts';

/** Packages from PyPI, installed once into the user's cache. */
export interface Ansible {
  readonly folder: string;
  /** `ansible-core 2.21.5, mitogen 0.3.54, Python 3.13.0` */
  readonly versions: string;
  readonly isMitogen: boolean;
}

/** Install ansible-core (the newest that the newest Python here can run), with Mitogen when wanted. @returns why it cannot be had, else it. */
export function installAnsible(isMitogen: boolean): Ansible | string {
  const python = newestPython();
  if (!python) return 'no Python 3.11 or newer';
  const folder = join(homedir(), '.cache', 'slipway', 'bench', isMitogen ? 'mitogen' : 'ansible');
  const pip = join(folder, 'bin', 'pip');
  try {
    if (!existsSync(join(folder, 'bin', 'ansible-playbook'))) {
      execFileSync(python, ['-m', 'venv', folder], { stdio: 'ignore' });
      execFileSync(pip, ['install', '--quiet', 'ansible-core', ...(isMitogen ? ['mitogen'] : [])], { stdio: 'ignore', timeout: 600_000 });
    }
    const listed = execFileSync(pip, ['list', '--format=freeze'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
    const version = (name: string): string => `${name} ${new RegExp(`^${name}==(.*)$`, 'm').exec(listed)?.[1] ?? '?'}`;
    const versions = [version('ansible-core'), ...(isMitogen ? [version('mitogen')] : []), pythonVersion(join(folder, 'bin', 'python'))].join(', ');
    return { folder, versions, isMitogen };
  } catch (cause) {
    return `cannot install: ${cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)}`;
  }
}

function newestPython(): string | undefined {
  const pyenv = join(homedir(), '.pyenv', 'versions');
  const installed = existsSync(pyenv) ? readdirSync(pyenv).map((version) => join(pyenv, version, 'bin', 'python3')) : [];
  const named = ['python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3'];
  const found = [...installed, ...named].flatMap((program) => {
    const version = /3\.(\d+)/.exec(pythonVersion(program))?.[1];
    return version === undefined || Number(version) < 11 ? [] : [{ program, minor: Number(version) }];
  });
  return found.toSorted((a, b) => b.minor - a.minor)[0]?.program;
}

function pythonVersion(program: string): string {
  try {
    return execFileSync(program, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  } catch {
    return '';
  }
}

/** Ansible as its documentation tells to make it quick: pipelining, ControlPersist, as many forks as everybody else has at once, no facts. */
export function ansibleProgram({ folder, isMitogen }: Ansible, spec: Spec): Program {
  const { dir } = spec;
  const [plugins, sockets] = [join(dir, 'callback'), join(dir, 'cp')];
  for (const made of [plugins, sockets]) mkdirSync(made, { recursive: true });
  writeFileSync(join(plugins, 'marks.py'), MARKS);
  const strategy = execFileSync(join(folder, 'bin', 'python'), ['-c', 'import sysconfig; print(sysconfig.get_paths()["purelib"])'])
    .toString()
    .trim();
  const mitogen = [`strategy_plugins = ${join(strategy, 'ansible_mitogen', 'plugins', 'strategy')}`, 'strategy = mitogen_linear'];
  const config = [
    ...['[defaults]', `forks = ${AT_ONCE}`, 'host_key_checking = True', 'interpreter_python = /usr/bin/python3', `private_key_file = ${spec.key}`],
    ...['remote_user = root', `callback_plugins = ${plugins}`, 'callbacks_enabled = marks', 'deprecation_warnings = False', 'timeout = 120'],
    ...(isMitogen ? mitogen : []),
    ...['[ssh_connection]', 'pipelining = True', `control_path_dir = ${sockets}`],
    `ssh_args = -o ControlMaster=auto -o ControlPersist=600s -o UserKnownHostsFile=${spec.knownHosts} -o GlobalKnownHostsFile=/dev/null`,
  ];
  writeFileSync(join(dir, 'ansible.cfg'), `${config.join('\n')}\n`);
  writeFileSync(join(dir, 'hosts'), spec.addresses.map((address) => `${address} ansible_port=${spec.port}\n`).join(''));
  const tasks = spec.files
    ? [{ name: 'files', copy: { src: `${spec.files.folder}/`, dest: '/srv/files/' } }]
    : Array.from({ length: spec.tasks }, (_, index) => ({ name: `task-${index + 1}`, command: 'true' }));
  writeFileSync(join(dir, 'play.yml'), JSON.stringify([{ hosts: 'all', gather_facts: false, tasks }]));
  return {
    words: [join(folder, 'bin', 'ansible-playbook'), '-i', join(dir, 'hosts'), join(dir, 'play.yml')],
    env: { ANSIBLE_CONFIG: join(dir, 'ansible.cfg'), ANSIBLE_HOME: join(dir, 'home'), MITOGEN_POOL_SIZE: '32', PYTHONWARNINGS: 'ignore' },
    cwd: dir,
  };
}

/** Says when a task is over: when the next one begins, or the play has ended. */
const MARKS = `import sys
import time
from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "marks"
    CALLBACK_NEEDS_ENABLED = True
    running = None

    def mark(self, name):
        sys.stdout.write("MARK %s %d\\n" % (name, time.time() * 1000))
        sys.stdout.flush()

    def v2_playbook_on_play_start(self, play):
        self.mark("begin")

    def v2_playbook_on_task_start(self, task, is_conditional):
        if self.running:
            self.mark(self.running)
        self.running = task.get_name()

    def v2_playbook_on_stats(self, stats):
        self.mark(self.running)
`;
