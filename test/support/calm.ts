/**
 * Run a test that measures time. A machine that is busy with something else can spoil a measurement, so it is made again, at most
 * three times in all; a defect spoils every one of them.
 */
export async function calm(work: () => Promise<void>, tries = 3): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (tries <= 1) throw cause;
    await calm(work, tries - 1);
  }
}
