# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# bash completion of dpdk-hotplug_mp's own options, those after "--". Which there
# are, and which take an argument, it asks the program.

_dpdk_hotplug_mp()
{
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local own='' words='' help word

    # An option with "=" and its argument are three words to bash.
    if [[ $current = '=' ]]; then
        current=''
    elif [[ $before = '=' ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ $word != -- ]] || own=yes
    done
    if [[ $own && $before = --cmdline-file ]]; then
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
    fi
    if [[ $own ]]; then
        help=$("${1/#\~/$HOME}" --help 2>/dev/null | sed -n -e '/^EAL/q' -e '/ EAL: /!s/^  --/--/p')
        if [[ $'\n'$help != *$'\n'"$before "[A-Z]* ]]; then
            words=$(cut -d ' ' -f 1 <<<"$help")
        fi
    elif [[ ! $own && $current = -* ]]; then
        words='-- --help --version'
    elif [[ ! $own ]]; then
        compopt -o default # the EAL's options take files, and what not
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _dpdk_hotplug_mp dpdk-hotplug_mp
