export default {
  testEnvironment: 'node',
  // To end what hangs; what is slow on a busy machine is no failure.
  testTimeout: 60_000,
  testMatch: ['<rootDir>/test/**/*.test.ts?(x)'],
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  testSequencer: '<rootDir>/test/support/moves-first.js',
  reporters: ['default', '<rootDir>/test/support/plain-reporter.js'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  transform: {
    '\\.tsx?$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic' } },
        },
      },
    ],
  },
};
