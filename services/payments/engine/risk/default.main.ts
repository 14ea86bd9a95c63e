import { writeFileSync } from 'node:fs';
import { defaultFile, trainDefault, writtenDefault } from './default.ts';

// Trains the model that environments begin with, and writes it down beside this file: it is committed, and a test trains it again.
writeFileSync(defaultFile, writtenDefault(trainDefault()));
