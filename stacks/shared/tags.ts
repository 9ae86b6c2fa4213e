import * as pulumi from '@pulumi/pulumi';

/** The tags every resource of a stack carries. */
export function tagsFor({ owner, costCenter }: { readonly owner: string; readonly costCenter: string }): { readonly [name: string]: string } {
  return { owner, costCenter, environment: pulumi.getStack(), project: pulumi.getProject(), managedBy: 'slipway' };
}
