// How the benchmark says where it is.

import { progressOf } from '../progress.ts';

export const progress = progressOf('link');
