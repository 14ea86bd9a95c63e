import type { Caller } from '../contract/caller.ts';
import type { Input, Output } from '../contract/contract.ts';
import type { platform } from '../control/service.ts';
import type { Keeper } from '../keys/client.ts';
import type { StartOrder } from '../supervise/protocol.ts';
import { callControl } from './registration.ts';

/** What of the directory a service may ask for in a caller's name: policies, and credentials without their secrets. */
export const directoryOperations = [
  'CreatePolicy',
  'GetPolicy',
  'ListPolicies',
  'UpdatePolicy',
  'DeletePolicy',
  'ListCredentials',
  'AlterVerifiers',
  'RevokeCredential',
] as const satisfies readonly (keyof (typeof platform)['operations'])[];
export type DirectoryOperation = (typeof directoryOperations)[number];

/** What control is asked: who asks is in the token, which keeper signed for this process. */
export type DirectoryQuestion = { readonly token: string; readonly operation: string; readonly name: string; readonly input: unknown };

/**
 * The need `directory`: policies and credentials of the caller's organization, for doors whose protocol administers them.
 * Control decides and records each request as the caller's own, which came by way of this service. Throws what the operation
 * throws, and Unavailable while control is away.
 */
export type Directory = {
  ask<O extends DirectoryOperation>(
    caller: Caller,
    operation: O,
    name: string,
    input: Input<typeof platform, O>,
  ): Promise<Output<typeof platform, O>>;
};

export function openDirectory(order: StartOrder, keeper: Pick<Keeper, 'serviceToken'>): Directory {
  return {
    async ask(caller, operation, name, input) {
      const question: DirectoryQuestion = { token: await keeper.serviceToken(caller), operation, name, input };
      return (await callControl(order, '/directory', question)) as never;
    },
  };
}
