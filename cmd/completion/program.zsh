
# From the program's name on, its own completion is asked.
__otel-genai_complete() {
    local -i i=2
    local ours=""
    while (( i < CURRENT )); do
        case ${words[i]} in
            --) (( i++ )); ours=run; break ;;
            --quiet | --dry-run | --dry_run | --help | --version | -h | --*=*) (( i++ )) ;;
            -*) (( i += 2 )) ;;
            *)
                if [[ $ours == run ]]; then break; fi
                if [[ -n $ours ]]; then _otel-genai; return; fi
                if [[ " @COMMANDS@ " == *" ${words[i]} "* ]]; then
                    ours=${words[i]}
                    (( i++ ))
                else
                    break
                fi
                ;;
        esac
    done
    if (( i > CURRENT )) || [[ ( $i -eq $CURRENT && ${words[i]} == -* && ${words[i-1]} != -- ) || ( $i -eq $CURRENT && $ours != run ) ]]; then
        _otel-genai
        local -i found=$?
        if (( i == CURRENT )) && [[ -z $ours && ${words[i]} != -* ]]; then _command_names -e && found=0; fi
        return found
    fi
    shift $(( i - 1 )) words
    (( CURRENT -= i - 1 ))
    if (( CURRENT == 1 )); then _command_names -e || _files; else _normal; fi
}

compdef __otel-genai_complete otel-genai
