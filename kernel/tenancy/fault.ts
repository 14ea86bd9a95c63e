import { registerFaults } from '#kernel/contract/fault.ts';

registerFaults({
  SchemaUnsafe: { status: 500, retry: false, text: 'A schema does not keep tenants apart.' },
});

export { fault } from '#kernel/contract/fault.ts';
