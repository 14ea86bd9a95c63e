import { registerFaults } from '../contract/fault.ts';

registerFaults({
  StartFailed: { status: 500, retry: false, text: 'A part of the platform could not start.' },
  NotRunning: { status: 503, retry: true, text: 'No platform runs on this data directory.' },
  SupervisorSilent: { status: 504, retry: true, text: 'The supervisor does not answer.' },
});

export { fault, OperationError } from '../contract/fault.ts';
