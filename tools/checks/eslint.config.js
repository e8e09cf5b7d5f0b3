import js from "@eslint/js";
import globals from "globals";

/** A view uses no other view. Code for two views is a part, and the sections of a view are in its folder. */
const NO_OTHER_VIEW = "A view must not import another view. Put code for both into website/parts/.";
const NO_VIEW = "Only routes.js and app.js may import views.";

const only = (regex, message) => ["error", { patterns: [{ regex, message }] }];

export default [
  { ignores: ["website/vendor/", "build/", "cdk.out/", ".venv/", ".local/"] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "array-callback-return": "error",
      "consistent-return": "error",
      curly: "error",
      "default-case-last": "error",
      eqeqeq: "error",
      "max-lines": ["error", { max: 300 }],
      "max-lines-per-function": ["error", { max: 60 }],
      "no-else-return": "error",
      "no-implicit-coercion": "error",
      "no-shadow": "error",
      "no-throw-literal": "error",
      "no-use-before-define": ["error", { functions: false, classes: false, variables: false }],
      "no-useless-return": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-arrow-callback": "error",
      "prefer-const": "error",
      "prefer-template": "error",
    },
  },
  {
    files: ["website/**/*.js"],
    languageOptions: { globals: globals.browser },
    rules: { "no-console": "error", "no-restricted-imports": only("/views/", NO_VIEW) },
  },
  { files: ["website/app.js"], rules: { "no-restricted-imports": "off" } },
  // Each file in views/ is a view. Each folder in views/ is a view with its sections.
  { files: ["website/views/*.js"], rules: { "no-restricted-imports": only("^(\\./|\\.\\./views/)", NO_OTHER_VIEW) } },
  {
    files: ["website/views/*/*.js"],
    rules: { "no-restricted-imports": only("^\\.\\./(?!\\.\\./)|/views/", NO_OTHER_VIEW) },
  },
  {
    files: ["tools/redis/*.js", "local/*.cjs"],
    languageOptions: { sourceType: "commonjs", globals: globals.node },
  },
  {
    files: ["tools/site/assets/*.js"],
    languageOptions: { sourceType: "script", globals: { ...globals.browser, mermaid: "readonly" } },
  },
];
