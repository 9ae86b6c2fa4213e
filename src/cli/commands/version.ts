import { EXIT } from '../../core/index.ts';
import { printResult } from '../context.ts';
import type { Command } from '../types.ts';

export const version: Command = {
  name: 'version',
  positionals: [],
  options: {},
  run: async (_args, context) => {
    const { version: slipway } = context.deps;
    printResult(context, { slipway, node: process.versions.node }, () => `slipway ${slipway}, node ${process.versions.node}`);
    return EXIT.ok;
  },
};
