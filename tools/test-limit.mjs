// Loaded into every process of the test runner. Its own limit ends tests, and not a file whose tests have ended while a server still listens:
// such a file would hold everything up for ever. The timer keeps nobody alive, so that a file without such a mistake does not notice it.
import process from 'node:process';

const LIMIT_MS = Number(process.env.SLIPWAY_TEST_FILE_LIMIT_MS ?? 15 * 60_000);

if (process.env.NODE_TEST_CONTEXT !== undefined) {
  setTimeout(() => {
    process.stderr.write(`${process.argv[1]} is still open after ${LIMIT_MS / 1000} s; what keeps it open: ${process.getActiveResourcesInfo().join(', ')}\n`);
    process.exit(1);
  }, LIMIT_MS).unref();
}
