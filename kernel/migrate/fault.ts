import { registerFaults } from '#kernel/contract/fault.ts';

registerFaults({
  MigrationNewer: { status: 500, retry: false, text: 'The database was written by a newer release.' },
  MigrationChanged: { status: 500, retry: false, text: 'A migration that was applied before has changed.' },
  MigrationInvalid: { status: 500, retry: false, text: 'The migrations of a service cannot be run.' },
});

export { fault } from '#kernel/contract/fault.ts';
