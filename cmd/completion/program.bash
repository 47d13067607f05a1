
# From the program's name on, its own completion is asked.
__otel-genai_program() {
    # Sets offset to the place of the program's name in words, or to 0. Every
    # flag of ours takes a value except the switches; bash may have parted a
    # flag from its value at the equals sign.
    local i=1 ours=""
    offset=0
    while [ "$i" -lt "$COMP_CWORD" ]; do
        case ${COMP_WORDS[i]} in
            --) offset=$((i + 1)); return ;;
            --quiet | --dry-run | --dry_run | --help | --version | -h | --*=*) i=$((i + 1)) ;;
            -*)
                if [ "${COMP_WORDS[i + 1]}" = "=" ]; then i=$((i + 3)); else i=$((i + 2)); fi
                ;;
            *)
                [ "$ours" = run ] && break
                [ -n "$ours" ] && return
                case " @COMMANDS@ " in
                    *" ${COMP_WORDS[i]} "*) ours=${COMP_WORDS[i]}; i=$((i + 1)) ;;
                    *) break ;;
                esac
                ;;
        esac
    done
    # Beyond the word: it is the value of a flag.
    [ "$i" -gt "$COMP_CWORD" ] && return
    if [ "$i" -eq "$COMP_CWORD" ]; then
        case ${COMP_WORDS[i]} in -* | =) return ;; esac
        [ "$ours" = run ] || return
    fi
    offset=$i
}

__otel-genai_complete() {
    local offset
    __otel-genai_program
    if [ "$offset" -eq 0 ]; then
        __start_otel-genai "$@"
        # The first word may be a program, too.
        local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
        if [ "$COMP_CWORD" -eq 1 ] || [ "$before" = --quiet ]; then
            case $cur in "" | -*) ;; *) COMPREPLY+=($(compgen -c -- "$cur")) ;; esac
        fi
    elif declare -F _comp_command_offset >/dev/null; then
        _comp_command_offset "$offset"
    elif declare -F _command_offset >/dev/null; then
        _command_offset "$offset"
    elif [ "$offset" -eq "$COMP_CWORD" ]; then
        COMPREPLY=($(compgen -c -- "${COMP_WORDS[COMP_CWORD]}") $(compgen -d -- "${COMP_WORDS[COMP_CWORD]}"))
    else
        COMPREPLY=()
    fi
}

complete -o default -F __otel-genai_complete otel-genai
