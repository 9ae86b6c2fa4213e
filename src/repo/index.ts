export { type Checkout, type CheckoutRequest, openCheckout } from './checkout.ts';
export { type ChangedFile, changedFiles, mergeBase, peopleOf, type Person, resolveCommit, topFolder } from './commits.ts';
export { defaultHead } from './default-branch.ts';
export { listRunbookFiles } from './files.ts';
export { type GitContext } from './git.ts';
export { digestOfTree } from './tree.ts';
export { isDirty } from './working-tree.ts';
