
# From the program's name on, its own completion is asked.
function __otel_genai_program
    # Prints the program's name and what follows it, or nothing and fails.
    set -l line (commandline -opc)
    set -e line[1]
    set -l ours ""
    while set -q line[1]
        switch $line[1]
            case --
                set -e line[1]
                set ours run
                break
            case --quiet --dry-run --dry_run --help --version -h '--*=*'
                set -e line[1]
            case '-*'
                set -e line[1]
                set -q line[1]; or return 1 # the word is this flag's value
                set -e line[1]
            case '*'
                test "$ours" = run; and break
                test -n "$ours"; and return 1
                if contains -- $line[1] @COMMANDS@
                    set ours $line[1]
                    set -e line[1]
                else
                    break
                end
        end
    end
    if not set -q line[1]
        test "$ours" = run; or return 1
        string match -q -- '-*' (commandline -ct); and return 1
    end
    string join -- ' ' (string escape -- $line) (commandline -ct)
end

complete -c otel-genai -e
complete -c otel-genai -n '__otel_genai_program >/dev/null' -f -a '(complete -C (__otel_genai_program))'
# What was found for the last line is forgotten first.
function __otel_genai_ours
    __otel_genai_program >/dev/null; and return 1
    __otel_genai_clear_perform_completion_once_result
    __otel_genai_prepare_completions
end
complete -c otel-genai -n __otel_genai_ours -f -a '$__otel_genai_comp_results'
