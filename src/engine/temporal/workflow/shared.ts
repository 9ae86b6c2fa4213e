/**
 * Loaded once per worker instead of once per run, and frozen: all of it is pure. (The schemas of kinds cannot be frozen.)
 * What the modules remember is kept by object, and objects belong to one run.
 */
import '../../decide.ts';
import '../../evolve.ts';
import '../../requests.ts';
import '../../rest.ts';
import '../../snapshot.ts';
import '../../spread.ts';

/**
 * The SDK notes where every promise of a workflow was made, for pages that show where one waits; ours always waits in the one loop. Long traces would be a
 * third of what a step costs the worker.
 */
Error.stackTraceLimit = 1;
