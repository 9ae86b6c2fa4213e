import { answerRuntimeApi } from '../haproxy.ts';
import { type Command, operands } from './command.ts';

const SOCKET = '/run/haproxy/admin.sock';

/** A client of the runtime API: what comes in is sent, what HAProxy says is printed. */
const client: Command = {
  run: async (args, process) => {
    const target = operands(args)
      .at(-1)
      ?.replace(/^(?:unix-connect|unix):/i, '');
    if (target !== SOCKET || !process.machine.vars.loadBalancer) {
      process.err(`connect(${target ?? ''}): No such file or directory\n`);
      return 1;
    }
    const said = (await process.stdin.read()).toString('utf8');
    for (const line of said.split(/[\n;]/).filter((each) => each.trim() !== '')) process.out(answerRuntimeApi(process.machine, line.trim()));
    return 0;
  },
};

/** Ways to talk to HAProxy's socket. */
export const trafficCommands: { readonly [name: string]: Command } = { socat: client, nc: client };
