import { describeMove } from './move.ts';

describeMove('11', '13');
