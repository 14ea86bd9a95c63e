import { registerFaults } from '#kernel/contract/fault.ts';

registerFaults({
  LogElsewhere: { status: 409, retry: false, text: 'Another process holds the log.' },
});
